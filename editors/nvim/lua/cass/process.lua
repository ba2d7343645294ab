-- Processes whose lines are wanted.

local M = {}

-- Start `command`; `on_line` gets each line, `on_end` the exit code.  Gives the job, or nil where it cannot start.
function M.start(command, on_line, on_end, options)
  local rest = ""
  local settings = vim.tbl_extend("force", options or {}, {
    on_stdout = function(_, pieces)
      pieces[1] = rest .. pieces[1]
      rest = table.remove(pieces)
      for _, line in ipairs(pieces) do
        on_line(line)
      end
    end,
    on_exit = function(_, code)
      if rest ~= "" then
        on_line(rest)
      end
      on_end(code)
    end,
  })
  local started, job = pcall(vim.fn.jobstart, command, settings)
  return started and job > 0 and job or nil
end

-- All lines of `command`, once it has ended.
function M.read(command, on_done, options)
  local lines = {}
  return M.start(command, function(line)
    table.insert(lines, line)
  end, function(code)
    on_done(lines, code)
  end, options)
end

-- What a command with --json printed; nil and what it said where that is none.
function M.object(command, on_done)
  local job = M.read(command, function(lines)
    local read, said = pcall(vim.json.decode, table.concat(lines, "\n"), { luanil = { object = true } })
    if not read or type(said) ~= "table" then
      on_done(nil, command[1] .. " did not answer")
    elseif said.error then
      on_done(nil, said.error.message .. (said.error.hint and (": " .. said.error.hint) or ""))
    else
      on_done(said)
    end
  end)
  if not job then
    on_done(nil, command[1] .. " cannot be started")
  end
end

return M
