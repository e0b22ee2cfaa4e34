-- Sends one GET to Gatepost and returns its response. Each of httpd's threads has one Lua interpreter (LuaScope
-- thread), which keeps one connection open. Needs LuaSocket.

local socket = require 'socket'

-- Limit how long a Gatepost that hangs can delay a request, and how much it may answer.
local CONNECT_SECONDS, ANSWER_SECONDS = 2, 15
local MAX_HEADERS_BYTES, MAX_BODY_BYTES = 65536, 1048576

-- The connection that waits for the next request, and where it leads.
local idle, idle_address

-- Returns what has arrived, at least one byte; nil where the connection has ended.
local function read_some(connection, deadline)
  local seconds = deadline - socket.gettime()
  assert(seconds > 0, 'no answer in time')
  connection:settimeout(seconds)
  local first, problem = connection:receive(1)
  if not first then
    assert(problem == 'closed', problem)
    return nil
  end
  connection:settimeout(0)
  local more, _, part = connection:receive(8192)
  return first .. (more or part or '')
end

-- Reads the status and the headers: { name, value } each, and by lower-case name in "first".
local function parse_head(head)
  local status, rest = head:match('^HTTP/1%.1 (%d%d%d)%f[ \r][^%c]*\r\n(.*)$')
  assert(status, 'no HTTP response')
  local response = { status = tonumber(status), headers = {}, first = {} }
  for line in rest:gmatch('([^\n]*)\r\n') do
    local name, value = line:match('^([-_%w]+):[ \t]*(.-)[ \t]*$')
    assert(name and not value:find('[\0-\8\10-\31\127]'), 'a malformed header')
    response.headers[#response.headers + 1] = { name, value }
    response.first[name:lower()] = response.first[name:lower()] or value
  end
  return response
end

-- Sends the request and reads the response; nil where the connection ended before its first byte.
local function exchange(connection, request, deadline)
  if not connection:send(request) then
    return nil
  end
  local text, head_end = '', nil
  repeat
    local piece = read_some(connection, deadline)
    if not piece and text == '' then
      return nil
    end
    text = text .. assert(piece, 'the connection ended within the headers')
    head_end = select(2, text:find('\r\n\r\n', 1, true))
    assert((head_end or #text) <= MAX_HEADERS_BYTES, 'the headers are too large')
  until head_end
  local response = parse_head(text:sub(1, head_end - 2))
  local length = tonumber((response.first['content-length'] or ''):match('^%d+$'))
  assert(length and length <= MAX_BODY_BYTES, 'no Content-Length, or one that is too large')
  local body_end = head_end + length
  while #text < body_end do
    text = text .. assert(read_some(connection, deadline), 'the connection ended within the body')
  end
  response.body = text:sub(head_end + 1, body_end)
  response.is_reusable = #text == body_end and (response.first['connection'] or ''):lower() ~= 'close'
  return response
end

local function open(address, deadline)
  local host, port = address:match('^%[?([^/%]]+)%]?:(%d+)$')
  local connection = assert(socket.tcp())
  connection:settimeout(math.min(CONNECT_SECONDS, deadline - socket.gettime()))
  assert(connection:connect(assert(host, 'GATEPOST_URL has no port'), tonumber(port)))
  connection:setoption('tcp-nodelay', true)
  return connection
end

-- Returns the connection that waits, unless it has ended.
-- Attack: bytes that came after an answer would be the answer to this request, which may be of somebody else.
local function take_idle(address)
  local connection = idle
  idle = nil
  if not connection then
    return nil
  end
  connection:settimeout(0)
  local _, problem = connection:receive(1)
  if problem == 'timeout' and idle_address == address then
    return connection
  end
  connection:close()
  return nil
end

-- `lines`: the request's without the last, empty one. `address`: host and port. Every problem is an error.
local function get(address, lines)
  local request = table.concat(lines, '\r\n') .. '\r\n\r\n'
  local deadline = socket.gettime() + ANSWER_SECONDS
  local connection, response = take_idle(address), nil
  if connection then
    response = exchange(connection, request, deadline)
    if not response then
      connection:close()
    end
  end
  -- Gatepost closes a connection that waits for long, perhaps just now: one more try, on a new one.
  if not response then
    connection = open(address, deadline)
    response = assert(exchange(connection, request, deadline), 'the connection ended without an answer')
  end
  if response.is_reusable then
    idle, idle_address = connection, address
  else
    connection:close()
  end
  return response
end

return { get = get }
