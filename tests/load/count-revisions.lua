-- For wrk with one thread: who answered, by the name that the sample service gives itself, as JSON in the last line.
-- Its argument says for how many seconds requests are sent. wrk is to run on for longer: it cuts what is open when its
-- time is over, and of a revision that is slower more would be open, and so not be counted.

local NEVER_MS = 3600000
local worker

function setup(thread)
  worker = thread
end

function init(args)
  revisions = {}
  refused = 0
  lastSecond = os.time() + tonumber(args[1])
end

function delay()
  if os.time() >= lastSecond then
    return NEVER_MS
  end
  return 0
end

function response(status, headers)
  local revision = headers["x-revision"] or "nobody"
  revisions[revision] = (revisions[revision] or 0) + 1
  if status < 200 or status > 299 then
    refused = refused + 1
  end
end

function done(summary)
  local answered = {}
  for revision, count in pairs(worker:get("revisions")) do
    table.insert(answered, string.format('"%s":%d', revision, count))
  end
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  local text = '\n{"requests":%d,"badStatus":%d,"socketErrors":%d,"answered":{%s}}\n'
  io.write(string.format(text, summary.requests, worker:get("refused"), broken, table.concat(answered, ",")))
end
