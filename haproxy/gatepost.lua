-- Asks Gatepost about a request: the action "gatepost" for "http-request lua.gatepost". HAProxy 2.6 or newer.
-- GATEPOST_URL in haproxy.cfg ("setenv") says where Gatepost is.

local url = os.getenv('GATEPOST_URL') or 'http://gatepost:9000'
local ask = url .. '/outpost.goauthentik.io/auth/nginx'
-- A Gatepost that hangs must not hold every request of the site. Milliseconds.
local patience = 15000

-- What Gatepost reads of the client's own headers. Everything else that it reads is set below and never left to the client.
local passed_on = {
  'accept', 'access-control-request-method', 'access-control-request-headers', 'authorization', 'cookie', 'origin',
  'sec-fetch-mode', 'upgrade', 'user-agent', 'x-authentik-no-redirect', 'x-requested-with',
}

-- Names of ak_proxy.user_attributes.additionalHeaders that the application shall get, in lower case: { 'x-team' }.
-- A client's own headers of these names are deleted as well.
local additional = {}

-- What belongs to one connection, and what HAProxy writes itself.
local hop_by_hop = {
  ['connection'] = true, ['keep-alive'] = true, ['transfer-encoding'] = true, ['content-length'] = true, ['date'] = true,
}

-- The question, in the words of nginx's dialect.
local function question(txn)
  local from_client = txn.http:req_get_headers()
  local headers = {}
  for _, name in ipairs(passed_on) do
    if from_client[name] then
      headers[name] = {}
      -- HAProxy counts from 0. Repeated headers stay repeated: Gatepost refuses what must not be.
      for index = 0, #from_client[name] do
        headers[name][index + 1] = from_client[name][index]
      end
    end
  end
  local host, scheme = txn.f:req_hdr('host'), txn:get_var('txn.gatepost_scheme')
  headers['x-original-url'] = { scheme .. '://' .. host .. txn:get_var('txn.gatepost_path') }
  headers['x-original-method'] = { txn.f:method() }
  headers['x-forwarded-proto'] = { scheme }
  headers['x-forwarded-host'] = { host }
  headers['x-forwarded-for'] = { txn.f:src() }
  return headers
end

-- Who it is, from the answer to the request. The configuration has deleted what the client sent under these names.
local function hand_on(txn, answer)
  for name, values in pairs(answer.headers) do
    if name:find('^x%-authentik%-') then
      txn.http:req_set_header(name, values[0])
    end
  end
  for _, name in ipairs(additional) do
    if answer.headers[name] then
      txn.http:req_set_header(name, answer.headers[name][0])
    end
  end
  -- What Gatepost says, nothing included: an app password or token that opened the door must not reach the application.
  txn.http:req_del_header('authorization')
  local authorization = answer.headers['authorization']
  if authorization then
    txn.http:req_set_header('authorization', authorization[0])
  end
  -- The session of an app password or token, for clients that keep cookies.
  local cookie = answer.headers['set-cookie']
  if cookie then
    txn:set_var('txn.gatepost_cookie', cookie[0])
  end
  -- The last line: HAProxy goes on when a script fails on its way, and the configuration lets nothing through without this.
  txn:set_var('txn.gatepost_yes', true)
end

-- Gatepost's refusal as it is; a page visit goes to the login.
local function refuse(txn, answer)
  local reply = txn:reply()
  local location = answer.headers['location']
  reply:set_status(answer.status == 401 and location and 302 or answer.status)
  for name, values in pairs(answer.headers) do
    if not hop_by_hop[name] and not name:find('^x%-authentik%-') then
      for index = 0, #values do
        reply:add_header(name, values[index])
      end
    end
  end
  reply:set_body(answer.body or '')
  txn:done(reply)
end

-- No answer, or one that says neither yes nor no: nobody is let in.
local function unavailable(txn)
  local reply = txn:reply()
  reply:set_status(503)
  reply:add_header('cache-control', 'no-store')
  reply:add_header('retry-after', '5')
  reply:set_body('the sign-in service cannot be reached\n')
  txn:done(reply)
end

-- Takes out what only Gatepost may say, and asks.
local function ask_about(txn)
  local headers = question(txn)
  -- Only now: the client's own x-authentik-no-redirect is part of the question.
  for name, _ in pairs(txn.http:req_get_headers()) do
    -- Any spelling that CGI, WSGI and PHP read as HTTP_X_AUTHENTIK_...: dash, underscore, dot.
    if name:lower():find('^x[-_.]authentik') then
      txn.http:req_del_header(name)
    end
  end
  for _, name in ipairs(additional) do
    txn.http:req_del_header(name)
  end
  return core.httpclient():get({ url = ask, headers = headers, timeout = patience })
end

core.register_action('gatepost', { 'http-req' }, function(txn)
  -- HAProxy takes a script that fails for a yes: a request that nobody thought of would be let in unasked.
  local ok, answer = pcall(ask_about, txn)
  local status = ok and answer and answer.status or 0
  if status == 200 and pcall(hand_on, txn, answer) then
    return
  elseif status >= 400 then
    refuse(txn, answer)
  else
    unavailable(txn)
  end
end, 0)
