-- wrk's arguments after `--`: method, body. Answers with one line of JSON.
function init(arguments)
  wrk.method = arguments[1] or "GET"
  if arguments[2] then
    wrk.body = arguments[2]
    wrk.headers["Content-Type"] = "application/json"
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests": %d, "duration_us": %d, "errors": %d}\n', summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
