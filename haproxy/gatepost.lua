-- The action "gatepost" for "http-request lua.gatepost": sends an auth request to Gatepost. HAProxy 2.6 or newer.
-- Set Gatepost's address in haproxy.cfg: "setenv GATEPOST_URL http://gatepost:9000".

local GATEPOST_URL = os.getenv('GATEPOST_URL') or 'http://gatepost:9000'
local AUTH_URL = GATEPOST_URL .. '/outpost.goauthentik.io/auth/nginx'
-- Limits how long a Gatepost that hangs can delay a request.
local TIMEOUT_MS = 15000

-- Further headers by which Gatepost says who the user is (identity_headers in gatepost.yaml): the names of Authelia,
-- oauth2-proxy and Grafana.
local IDENTITY_HEADERS = {
  'remote-user', 'remote-groups', 'remote-email', 'remote-name', 'x-auth-request-user', 'x-auth-request-email',
  'x-auth-request-preferred-username', 'x-auth-request-groups', 'x-webauth-user', 'x-webauth-name', 'x-webauth-email',
  'x-webauth-groups', 'x-webauth-role',
}

-- Names of ak_proxy.user_attributes.additionalHeaders, and others of identity_headers, that the application gets, in lower
-- case: { 'x-team', 'x-employee' }. The script deletes the client's own headers of these names.
local ADDITIONAL_HEADERS = {}

-- The names of both lists.
local COPIED = {}
for _, list in ipairs({ IDENTITY_HEADERS, ADDITIONAL_HEADERS }) do
  for _, name in ipairs(list) do
    COPIED[name] = true
  end
end

-- The client's headers that the auth request copies. auth_request_headers sets the others that Gatepost reads.
-- Attack: a client that chooses the URI or the host in the auth request chooses the access rules (oauth2-proxy:
-- GHSA-7x63-xv5r-3p2x, X-Forwarded-Uri).
local CLIENT_HEADERS = {
  'accept', 'accept-language', 'access-control-request-method', 'access-control-request-headers', 'authorization',
  'cookie', 'origin', 'sec-fetch-mode', 'traceparent', 'upgrade', 'user-agent', 'x-authentik-no-redirect',
  'x-requested-with',
}

-- Response headers that belong to one connection or that HAProxy writes itself.
local SKIPPED_RESPONSE_HEADERS = {
  ['connection'] = true, ['keep-alive'] = true, ['transfer-encoding'] = true, ['content-length'] = true,
  ['date'] = true,
}

-- Returns the headers of the auth request, in nginx's dialect.
local function auth_request_headers(txn)
  local client_headers = txn.http:req_get_headers()
  local headers = {}
  for _, name in ipairs(CLIENT_HEADERS) do
    if client_headers[name] then
      headers[name] = {}
      -- HAProxy counts from 0. A repeated header stays repeated, so that Gatepost can refuse it.
      for index = 0, #client_headers[name] do
        headers[name][index + 1] = client_headers[name][index]
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

-- Whether only Gatepost may set the header.
-- Attack: CGI, WSGI and PHP read X_authentik_username, X.authentik.username and X~authentik~username as
-- HTTP_X_AUTHENTIK_USERNAME, the name of the true header (oauth2-proxy: GHSA-vjrc-mh2v-45x6, Traefik: GHSA-rf44-j88r-hh8c).
local function is_identity(name)
  local spelled = name:lower():gsub('[^a-z0-9]', '-')
  return spelled:find('^x%-authentik') or COPIED[spelled]
end

-- Deletes the client's headers under names that only Gatepost may set, and returns the response to the auth request.
local function send_auth_request(txn)
  -- First: the auth request copies the client's x-authentik-no-redirect.
  local headers = auth_request_headers(txn)
  for name, _ in pairs(txn.http:req_get_headers()) do
    if is_identity(name) then
      txn.http:req_del_header(name)
    end
  end
  return core.httpclient():get({ url = AUTH_URL, headers = headers, timeout = TIMEOUT_MS })
end

-- Copies the identity from the response to the application's request, and lets the request through.
local function allow(txn, response)
  for name, values in pairs(response.headers) do
    if name:find('^x%-authentik%-') or COPIED[name] then
      txn.http:req_set_header(name, values[0])
    end
  end
  -- Replaces the client's Authorization and Cookie with Gatepost's, or with none: an app password or token that Gatepost
  -- accepted must not reach the application, nor may Gatepost's own cookies.
  -- Attack: an application that gets the session cookie can act as the visitor at every other site of the domain.
  for _, name in ipairs({ 'authorization', 'cookie' }) do
    txn.http:req_del_header(name)
    if response.headers[name] then
      txn.http:req_set_header(name, response.headers[name][0])
    end
  end
  -- The session cookie for an app password or token.
  local cookie = response.headers['set-cookie']
  if cookie then
    txn:set_var('txn.gatepost_cookie', cookie[0])
  end
  -- Must stay the last line: if a line above fails, HAProxy continues, and haproxy.cfg denies the request without this.
  txn:set_var('txn.gatepost_allowed', true)
end

-- Sends Gatepost's denial to the client, or redirects a page navigation to the login.
local function deny(txn, response)
  local reply = txn:reply()
  local location = response.headers['location']
  reply:set_status(response.status == 401 and location and 302 or response.status)
  for name, values in pairs(response.headers) do
    if not SKIPPED_RESPONSE_HEADERS[name] and not is_identity(name) then
      for index = 0, #values do
        reply:add_header(name, values[index])
      end
    end
  end
  reply:set_body(response.body or '')
  txn:done(reply)
end

-- Denies the request when Gatepost has sent no response, or one that neither allows nor denies.
local function deny_unavailable(txn)
  local reply = txn:reply()
  reply:set_status(503)
  reply:add_header('cache-control', 'no-store')
  reply:add_header('retry-after', '5')
  reply:set_body('the sign-in service cannot be reached\n')
  txn:done(reply)
end

core.register_action('gatepost', { 'http-req' }, function(txn)
  -- Attack: HAProxy continues when an action fails, so a request that makes the script fail would reach the application
  -- without an auth request.
  local ok, response = pcall(send_auth_request, txn)
  local status = ok and response and response.status or 0
  if status == 200 and pcall(allow, txn, response) then
    return
  elseif status >= 400 then
    deny(txn, response)
  else
    deny_unavailable(txn)
  end
end, 0)
