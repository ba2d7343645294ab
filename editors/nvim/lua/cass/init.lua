-- Pick a message that you or your coding agents wrote; read, open, resume it.

local M = {}

M.settings = {
  cmd = { "cass" }, -- the program, and options for every call, such as { "cass", "--data-dir", "/srv/cass" }
  limit = 50,
  keys = {
    show = "<CR>",
    source = "<C-o>",
    resume = "<C-r>",
    next = { "<C-n>", "<Down>" },
    previous = { "<C-p>", "<Up>" },
    close = { "<Esc>", "<C-c>" },
  },
}

function M.setup(wishes)
  M.settings = vim.tbl_deep_extend("force", M.settings, wishes or {})
end

-- A command line of the program: settings.cmd with these words behind the verb.
function M.command(verb, ...)
  local words = vim.deepcopy(M.settings.cmd)
  local options = { unpack(words, 2) }
  return vim.list_extend(vim.list_extend({ words[1], verb }, options), { ... })
end

function M.pick(query)
  return require("cass.picker").open(query or "")
end

return M
