-- Three floating windows: what is typed, what was found, and what stands around it.

local actions = require("cass.actions")
local asking = require("cass.asking")
local cass = require("cass")
local process = require("cass.process")

local M = {}
M.__index = M

local NAMES = vim.api.nvim_create_namespace("cass")
local NEIGHBOURS = "2"
local TITLE = 30

local function buffer()
  local number = vim.api.nvim_create_buf(false, true)
  vim.bo[number].bufhidden = "wipe"
  return number
end

local function set_lines(number, lines)
  if vim.api.nvim_buf_is_valid(number) then
    vim.api.nvim_buf_set_lines(number, 0, -1, false, lines)
  end
end

-- Where the windows stand on a screen of this size: over each other, each with a frame.
function M.places(columns, lines)
  local width, height = math.max(20, math.floor(columns * 0.9) - 2), math.max(11, math.floor(lines * 0.9))
  local col, row = math.max(0, math.floor((columns - width - 2) / 2)), math.max(0, math.floor((lines - height) / 2))
  local found = math.max(2, math.floor((height - 7) * 0.45))
  local around = math.max(1, height - found - 7)
  return {
    prompt = { relative = "editor", col = col, row = row, width = width, height = 1 },
    list = { relative = "editor", col = col, row = row + 3, width = width, height = found },
    preview = { relative = "editor", col = col, row = row + 5 + found, width = width, height = around },
  }
end

function M.open(query)
  local self = setmetatable({ hits = {}, at = 1, before = vim.api.nvim_get_current_win(), windows = {} }, M)
  self.buffers = { prompt = buffer(), list = buffer(), preview = buffer() }
  for name, place in pairs(M.places(vim.o.columns, vim.o.lines)) do
    local look = vim.tbl_extend("force", place, { style = "minimal", border = "single", zindex = 60 })
    self.windows[name] = vim.api.nvim_open_win(self.buffers[name], name == "prompt", look)
    vim.wo[self.windows[name]].wrap = name == "preview"
  end
  vim.wo[self.windows.list].cursorline = true
  set_lines(self.buffers.prompt, { query })
  self:_keys()
  self:_follow()
  self.asking = asking.new(function(hits, about)
    self:_found(hits, about)
  end)
  self:_ask()
  vim.cmd("startinsert!")
  M.current = self
  return self
end

function M:query()
  return table.concat(vim.api.nvim_buf_get_lines(self.buffers.prompt, 0, -1, false), " ")
end

function M:_keys()
  local keys = cass.settings.keys
  local function map(wanted, action)
    for _, key in ipairs(type(wanted) == "table" and wanted or { wanted }) do
      vim.keymap.set({ "i", "n" }, key, action, { buffer = self.buffers.prompt, nowait = true })
    end
  end
  for name, action in pairs({ show = actions.show, source = actions.source, resume = actions.resume }) do
    map(keys[name], function()
      self:_do(action)
    end)
  end
  map(keys.next, function()
    self:move(1)
  end)
  map(keys.previous, function()
    self:move(-1)
  end)
  map(keys.close, function()
    self:close()
  end)
end

function M:_follow()
  local group = vim.api.nvim_create_augroup("cass", { clear = true })
  vim.api.nvim_create_autocmd({ "TextChangedI", "TextChanged" }, {
    group = group,
    buffer = self.buffers.prompt,
    callback = function()
      self:_ask()
    end,
  })
  vim.api.nvim_create_autocmd("BufLeave", {
    group = group,
    buffer = self.buffers.prompt,
    callback = function()
      vim.schedule(function()
        self:close()
      end)
    end,
  })
end

function M:_ask()
  local query = self:query()
  if self.asking and query ~= self.asked and not self.closed then
    self.asked = query
    self.asking:ask(query)
  end
end

function M:_found(hits, about)
  if self.closed then
    return
  end
  self.hits, self.at, self.about = hits, 1, about
  local lines = {}
  for _, hit in ipairs(hits) do
    table.insert(lines, (M.line(hit)))
  end
  set_lines(self.buffers.list, #lines > 0 and lines or { about })
  for at, hit in ipairs(hits) do
    local _, start = M.line(hit)
    for _, span in ipairs(hit.matches or {}) do
      vim.api.nvim_buf_add_highlight(self.buffers.list, NAMES, "Search", at - 1, start + span[1], start + span[2])
    end
  end
  vim.api.nvim_buf_clear_namespace(self.buffers.prompt, NAMES, 0, -1)
  vim.api.nvim_buf_set_extmark(self.buffers.prompt, NAMES, 0, 0, {
    virt_text = { { about, "Comment" } },
    virt_text_pos = "right_align",
  })
  self:move(0)
end

-- A hit's line, and the byte at which its snippet starts.
function M.line(hit)
  local when = hit.created_at and os.date("%Y-%m-%d", math.floor(hit.created_at / 1000)) or "          "
  local title = hit.title and vim.fn.strcharpart(hit.title, 0, TITLE) or ""
  local space = (" "):rep(TITLE - vim.fn.strdisplaywidth(title))
  local head = ("%s  %-11s  %s%s  "):format(when, hit.agent, title, space):gsub("[%c]", " ")
  local text = head .. hit.snippet:gsub("[%c]", " ")
  return text, #head
end

function M:move(by)
  if #self.hits == 0 then
    return set_lines(self.buffers.preview, {})
  end
  self.at = (self.at - 1 + by) % #self.hits + 1
  vim.api.nvim_win_set_cursor(self.windows.list, { self.at, 0 })
  self:_preview(self.hits[self.at])
end

-- The message and its neighbours; of several that were asked for, the last one's.
function M:_preview(hit)
  if self.reading then
    vim.fn.jobstop(self.reading)
  end
  local command = cass.command("show", hit.id, "-C", NEIGHBOURS, "--color", "never", "--no-pager")
  local width = vim.api.nvim_win_get_width(self.windows.preview)
  self.reading = process.read(command, function(lines)
    if not self.closed and self.hits[self.at] == hit then
      set_lines(self.buffers.preview, lines)
      M._scroll(self.windows.preview, lines, hit)
    end
  end, { env = { COLUMNS = tostring(width) } })
end

-- Bring the message to the top: its line begins with a mark and its id, shortened.
function M._scroll(window, lines, hit)
  local number = hit.id:match(":(-?%d+)$")
  for at, line in ipairs(lines) do
    local id = line:match("^>? ?(%x+):" .. vim.pesc(number) .. "%s")
    if id and vim.startswith(hit.id, id) then
      vim.api.nvim_win_set_cursor(window, { at, 0 })
      vim.api.nvim_win_call(window, function()
        vim.cmd("normal! zt")
      end)
    end
  end
end

function M:_do(action)
  local hit = self.hits[self.at]
  if hit then
    self:close()
    action(hit)
  end
end

function M:close()
  if self.closed then
    return
  end
  self.closed = true
  self.asking:close()
  if self.reading then
    vim.fn.jobstop(self.reading)
  end
  vim.cmd("stopinsert")
  for _, window in pairs(self.windows) do
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end
  if vim.api.nvim_win_is_valid(self.before) then
    vim.api.nvim_set_current_win(self.before)
  end
end

return M
