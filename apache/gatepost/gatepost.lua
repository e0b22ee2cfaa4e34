-- The hook "gatepost" for LuaHookFixups: sends an auth request to Gatepost about every request of the virtual host, and
-- lets only those pass that Gatepost explicitly allows.

local client = require 'gatepost_client'
local request = require 'gatepost_request'

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
    COPIED[#COPIED + 1] = name
  end
end

-- The endpoints for browsers and, for the back-channel logout, for the provider, and no others.
local PREFIX = '/outpost.goauthentik.io'
local PAGES = { start = true, callback = true, sign_out = true, session = true, ping = true, backchannel_logout = true }

-- Response headers that belong to one connection or that httpd writes itself.
local SKIPPED_RESPONSE_HEADERS = {
  ['connection'] = true, ['keep-alive'] = true, ['transfer-encoding'] = true, ['content-length'] = true,
  ['content-type'] = true, ['date'] = true,
}

-- Copies the identity from the response to the application's request, and lets the request through.
local function allow(r, response)
  request.clean(r, COPIED)
  for _, header in ipairs(response.headers) do
    if header[1]:lower():find('^x%-authentik%-') then
      r.headers_in[header[1]] = header[2]
    end
  end
  for _, name in ipairs(COPIED) do
    r.headers_in[name] = response.first[name]
  end
  -- Replaces the client's Authorization and Cookie with Gatepost's, or with none: an app password or token that
  -- Gatepost accepted must not reach the application, nor may Gatepost's own cookies.
  -- Attack: an application that gets the session cookie can act as the visitor at every other site of the domain.
  r.headers_in['Authorization'] = response.first['authorization']
  r.headers_in['Cookie'] = response.first['cookie']
  -- The session cookie for an app password or token; err_headers_out is sent on error responses too.
  r.err_headers_out['Set-Cookie'] = response.first['set-cookie']
  -- Must stay the last line: internal redirects of a request pass with this, and without an auth request of their own.
  r.subprocess_env['GATEPOST_ALLOWED'] = '1'
  return apache2.OK
end

-- Sends a response instead of the application's.
local function respond(r, status, headers, content_type, body)
  r.status = status
  for _, header in ipairs(headers) do
    -- One table holds one value of a name, and the client gets those of both: Gatepost challenges by Basic and Bearer.
    local to = r.err_headers_out[header[1]] and r.headers_out or r.err_headers_out
    to[header[1]] = header[2]
  end
  r.content_type = content_type
  r:write(body)
  return apache2.DONE
end

-- Sends Gatepost's denial to the client, or redirects a page navigation to the login.
local function deny(r, response)
  local headers = {}
  for _, header in ipairs(response.headers) do
    local name = header[1]:lower()
    if not SKIPPED_RESPONSE_HEADERS[name] and not name:find('^x%-authentik%-') then
      headers[#headers + 1] = header
    end
  end
  local status = response.status == 401 and response.first['location'] and 302 or response.status
  return respond(r, status, headers, response.first['content-type'] or 'text/plain', response.body)
end

-- Denies the request when Gatepost has sent no response, or one that neither allows nor denies.
local function deny_unavailable(r)
  local headers = { { 'Cache-Control', 'no-store' }, { 'Retry-After', '5' } }
  return respond(r, 503, headers, 'text/plain', 'the sign-in service cannot be reached\n')
end

-- A request that httpd has made of another one: it passes where the first one was allowed. mod_dir, mod_rewrite in a
-- directory and ErrorDocument make them; each redirect puts REDIRECT_ before the names of the variables.
-- Attack: httpd answers a malformed request by an ErrorDocument before this hook has seen the request.
local function follow(r)
  local name = 'GATEPOST_ALLOWED'
  for _ = 0, 10 do
    if r.subprocess_env[name] then
      return apache2.OK
    end
    name = 'REDIRECT_' .. name
  end
  return 403
end

local function check(r)
  if not r.is_initial_req then
    return follow(r)
  end
  local path = request.raw_path(r)
  if not path then
    return 400
  end
  local url = r.subprocess_env['GATEPOST_URL']
  local address = assert(url and url:match('^http://([^/]+)$'), 'GATEPOST_URL is not http://host:port')
  -- Attack: the response to a client's own auth request (/outpost.goauthentik.io/auth/…) would show the client its
  -- tokens, and an application that got a request for one of the pages would get it with the session cookie.
  if r.uri:find(PREFIX, 1, true) == 1 or path:find(PREFIX, 1, true) == 1 then
    local page = path:match('^([^?]*)'):sub(#PREFIX + 2)
    -- As mod_proxy writes it.
    local target = 'proxy:' .. url:lower():gsub(':80$', '') .. PREFIX .. '/' .. page .. '?'
    local is_led_to_gatepost = (r.filename .. '?'):find(target, 1, true) == 1
    if not (PAGES[page] and r.uri == PREFIX .. '/' .. page and is_led_to_gatepost) then
      return 404
    end
    request.clean(r, COPIED)
    return apache2.OK
  end
  local response = client.get(address, request.auth_request(r, address, path))
  if response.status == 200 then
    return allow(r, response)
  elseif response.status >= 400 then
    return deny(r, response)
  end
  return deny_unavailable(r)
end

function gatepost(r)
  local ok, result = pcall(check, r)
  if ok then
    return result
  end
  r:err('gatepost: ' .. tostring(result))
  ok, result = pcall(deny_unavailable, r)
  return ok and result or 503
end
