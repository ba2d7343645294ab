-- The command; the rest is loaded when it is used.
if vim.g.loaded_cass then
  return
end
vim.g.loaded_cass = true

vim.api.nvim_create_user_command("Cass", function(asked)
  require("cass").pick(asked.args)
end, { nargs = "*", desc = "search what you and your coding agents said" })
