-- Ask for hits while somebody types: one process for all questions, or where `cass` is too old for that one for each.
-- Only the answer to the newest question is handed on.

local cass = require("cass")
local process = require("cass.process")

local M = {}
M.__index = M

local FIELDS = "id,session_id,agent,role,title,workspace,source_path,source_state,line_number,created_at,snippet,matches"
local DECODE = { luanil = { object = true } }

-- `on_hits` gets the hits and what there is to say about them.
function M.new(on_hits)
  local self = setmetatable({ on_hits = on_hits, asked = 0, answered = 0, mode = "stdio" }, M)
  self:_open()
  return self
end

function M:ask(query)
  self.asked, self.query = self.asked + 1, query
  if self.mode == "stdio" then
    vim.fn.chansend(self.job, vim.json.encode({ query = query, request_id = tostring(self.asked) }) .. "\n")
  else
    self:_ask_alone(query, self.asked)
  end
end

function M:close()
  self.mode = "closed"
  if self.job then
    vim.fn.jobstop(self.job)
  end
end

function M:_open()
  local limit = tostring(cass.settings.limit)
  local command = cass.command("search", "--stdio", "--live", "--limit", limit, "--fields", FIELDS, "--offsets", "utf8")
  self.job = process.start(command, function(line)
    self:_read(line)
  end, function(code)
    self:_ended(code)
  end)
  if not self.job then
    self.mode = "closed"
    self.on_hits({}, cass.settings.cmd[1] .. " is not installed, or not on your PATH")
  end
end

function M:_read(line)
  local read, said = pcall(vim.json.decode, line, DECODE)
  if self.mode ~= "stdio" or not read or type(said) ~= "table" then
    return
  end
  local id = said.meta and said.meta.request_id or said.request_id
  if id ~= tostring(self.asked) then
    return
  end
  self.answered = self.asked
  if said.error then
    self.on_hits({}, said.error.message .. (said.error.hint and (": " .. said.error.hint) or ""))
  else
    self.on_hits(said.hits, M.said(said))
  end
end

-- The process is gone: an older `cass` refuses --stdio, and is asked once more the other way.
function M:_ended(_)
  if self.mode == "closed" then
    return
  end
  self.mode, self.job = "jsonl", nil
  if self.asked > self.answered then
    self:_ask_alone(self.query, self.asked)
  end
end

function M:_ask_alone(query, number)
  if self.mode ~= "jsonl" then
    return
  end
  if self.job then
    vim.fn.jobstop(self.job)
  end
  local limit = tostring(cass.settings.limit)
  local command = cass.command("search", "--live", "--jsonl", "--limit", limit, "--offsets", "utf8", "--", query)
  self.job = process.read(command, function(lines)
    if number ~= self.asked or self.mode ~= "jsonl" then
      return
    end
    local hits, about = {}, ""
    for _, line in ipairs(lines) do
      local read, said = pcall(vim.json.decode, line, DECODE)
      if read and said.type == "hit" then
        table.insert(hits, said)
      elseif read and said.type == "meta" then
        about = M.said(said)
      elseif read and said.error then
        about = said.error.message
      end
    end
    self.answered, self.job = number, nil
    self.on_hits(hits, about)
  end)
end

-- How many there are.
function M.said(answer)
  local least = answer.total_is_exact and "" or "at least "
  return ("%s%d %s"):format(least, answer.total_matches, answer.total_matches == 1 and "message" or "messages")
end

return M
