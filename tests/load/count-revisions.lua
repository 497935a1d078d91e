-- For wrk with one thread: who answered, by the name that the sample service gives itself, as JSON in the last line.

local worker

function setup(thread)
  worker = thread
end

function init()
  revisions = {}
  refused = 0
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
