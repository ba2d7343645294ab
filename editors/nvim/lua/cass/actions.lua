-- What can be done with a hit.

local cass = require("cass")
local process = require("cass.process")

local M = {}

local function tell(what)
  vim.notify("cass: " .. what, vim.log.levels.WARN)
end

-- The session as Markdown, at the message.
function M.show(hit)
  M._edit(cass.command("open", hit.id, "--json"), function()
    vim.bo.readonly, vim.bo.modifiable = true, false
    vim.bo.filetype, vim.bo.buftype = "markdown", "nowrite"
  end)
end

-- The agent's own file, at the line.
function M.source(hit)
  M._edit(cass.command("open", hit.id, "--source", "--json"), function() end)
end

function M._edit(command, after)
  process.object(command, function(opened, bad)
    if not opened then
      return tell(bad)
    end
    vim.cmd("edit " .. vim.fn.fnameescape(opened.path))
    vim.fn.cursor(opened.line_number or 1, 1)
    vim.cmd("normal! zt")
    after()
  end)
end

-- Go on with the session, in a terminal in its folder.
function M.resume(hit)
  process.object(cass.command("resume", hit.id, "--json"), function(way, bad)
    if not way then
      return tell(bad)
    end
    if way.source_state ~= "present" then
      return tell("the agent has deleted this session's file; cass show " .. way.session_id .. " still reads it")
    end
    if vim.fn.executable(way.resume[1]) == 0 then
      return tell(way.resume[1] .. " is not installed")
    end
    vim.cmd("tabnew")
    vim.fn.termopen(way.resume, { cwd = way.workspace_exists and way.workspace or nil })
    vim.cmd("startinsert")
  end)
end

return M
