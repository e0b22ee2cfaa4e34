-- The hook "gatepost" for LuaHookFixups: sends an auth request to Gatepost about every request of the virtual host, and
-- lets only those pass that Gatepost explicitly allows.

local client = require 'gatepost_client'

-- Names of ak_proxy.user_attributes.additionalHeaders that the application gets, in lower case: { 'x-team' }.
-- The script deletes the client's own headers of these names.
local ADDITIONAL_HEADERS = {}

-- The endpoints for browsers and, for the back-channel logout, for the provider, and no others.
local PREFIX = '/outpost.goauthentik.io'
local PAGES = { start = true, callback = true, sign_out = true, ping = true, backchannel_logout = true }

-- The client's headers that the auth request copies. auth_request sets the others that Gatepost reads.
-- Attack: a client that chooses the URI or the host in the auth request chooses the access rules (oauth2-proxy:
-- GHSA-7x63-xv5r-3p2x, X-Forwarded-Uri).
local CLIENT_HEADERS = {
  'Accept', 'Access-Control-Request-Method', 'Access-Control-Request-Headers', 'Authorization', 'Cookie', 'Origin',
  'Sec-Fetch-Mode', 'Upgrade', 'User-Agent', 'X-authentik-no-redirect', 'X-Requested-With',
}

-- The client's headers that no application gets.
local DELETED = {
  -- Attack: CGI, WSGI and PHP read X_authentik_username, X.authentik.username and X~authentik~username as
  -- HTTP_X_AUTHENTIK_USERNAME, the name of the true header (oauth2-proxy: GHSA-vjrc-mh2v-45x6, Traefik:
  -- GHSA-rf44-j88r-hh8c).
  '[^-0-9a-z]', '^x%-authentik%-',
  -- What applications believe about the client's address, the URL and the scheme.
  -- Attack: "X-Forwarded-Prefix: //evil.example" in a client's request becomes the target of the application's redirects,
  -- "X-Original-URL: /admin" opens another page than Gatepost has authorized, and "Client-IP: 127.0.0.1" is "local".
  '^forwarded$', '^forwarded%-', '^x%-forwarded$', '^x%-forwarded%-', '^x%-original%-', '^x%-rewrite%-', '^x%-host$',
  '^x%-scheme$', '^x%-script%-name$', '^x%-url%-scheme$', '^x%-originating%-ip$', '^x%-remote%-addr$',
  '^x%-remote%-ip$', '^client%-ip$', '%-client%-ip$', '^connecting%-ip$', '%-connecting%-ip$', '^front%-end%-https$',
}

-- Response headers that belong to one connection or that httpd writes itself.
local SKIPPED_RESPONSE_HEADERS = {
  ['connection'] = true, ['keep-alive'] = true, ['transfer-encoding'] = true, ['content-length'] = true,
  ['content-type'] = true, ['date'] = true,
}

-- Returns the path and query as the client wrote them, neither decoded nor normalized; nil where there is none: CONNECT,
-- "OPTIONS *".
-- Attack: the requests inside a CONNECT tunnel reach the application without an auth request.
local function raw_path(r)
  local target = r.unparsed_uri
  if r.method == 'CONNECT' or target:find('^/') then
    return r.method ~= 'CONNECT' and target or nil
  end
  -- Attack: where the target has a host ("GET http://app.example.com/public/..%2fadmin"), mod_proxy passes on the decoded
  -- path, another one than Gatepost authorizes. Only a path that decoding does not change is the same.
  local path = target:match('^%a+://[-.:%[%]%w]+(/.*)$')
  return path and path:match('^[^?]*') == r.uri and path or nil
end

-- Returns scheme and host of the site's public URL, from ServerName (UseCanonicalName On): no client changes them.
local function public_address(r)
  local scheme, host = r:construct_url(''):match('^(https?)://([^/]+)$')
  return scheme, (host:gsub(scheme == 'https' and ':443$' or ':80$', ''))
end

-- Returns the lines of the auth request, in nginx's dialect.
local function auth_request(r, address, path)
  local scheme, host = public_address(r)
  local lines = {
    'GET ' .. PREFIX .. '/auth/nginx HTTP/1.1', 'Host: ' .. address,
    'X-Original-URL: ' .. scheme .. '://' .. host .. path, 'X-Original-Method: ' .. r.method,
    'X-Forwarded-Proto: ' .. scheme, 'X-Forwarded-Host: ' .. host, 'X-Forwarded-For: ' .. r.useragent_ip,
  }
  for _, name in ipairs(CLIENT_HEADERS) do
    local value = r.headers_in[name]
    -- httpd joins the lines of a repeated header by ", ", and cookies are separated by "; ".
    -- Attack: a session cookie behind ", " is a part of another cookie's value, which reaches the application.
    if value and name == 'Cookie' and r.protocol:find('^HTTP/1') then
      value = value:gsub(', ([^=;, "]+=)', '; %1')
    end
    if value then
      lines[#lines + 1] = name .. ': ' .. value
    end
  end
  for _, line in ipairs(lines) do
    assert(not line:find('[\0-\8\10-\31\127]'), 'a control character in the request')
  end
  return lines
end

-- Deletes what only Gatepost or this proxy may say, and says what this proxy sees.
-- Attack: a client that chooses these values chooses where the login returns to, opens access rules with "networks" and
-- evades the rate limits.
local function clean(r)
  for name in pairs(r:headers_in_table()) do
    for _, pattern in ipairs(DELETED) do
      if name:lower():find(pattern) then
        r.headers_in[name] = nil
      end
    end
  end
  for _, name in ipairs(ADDITIONAL_HEADERS) do
    r.headers_in[name] = nil
  end
  -- Passes on no upgrade but a WebSocket.
  -- Attack: an application that accepts "Upgrade: h2c" on a public path reads HTTP/2 from then on, and httpd passes on the
  -- following requests, to /admin and with forged headers, without an auth request (Traefik: CVE-2026-88008).
  if (r.headers_in['Upgrade'] or ''):lower() ~= 'websocket' then
    r.headers_in['Upgrade'] = nil
  end
  -- Attack: with "Connection: X-authentik-username" mod_proxy would delete that header (RFC 9110, section 7.6.1).
  local connection = (r.headers_in['Connection'] or ''):lower()
  r.headers_in['Connection'] = connection:match('close') or connection:match('keep%-alive')
  local scheme, host = public_address(r)
  r.headers_in['Host'] = host
  r.headers_in['X-Forwarded-Host'] = host
  r.headers_in['X-Forwarded-Proto'] = scheme
  r.headers_in['X-Forwarded-For'] = r.useragent_ip
  r.headers_in['X-Real-IP'] = r.useragent_ip
end

-- Copies the identity from the response to the application's request, and lets the request through.
local function allow(r, response)
  clean(r)
  for _, header in ipairs(response.headers) do
    if header[1]:lower():find('^x%-authentik%-') then
      r.headers_in[header[1]] = header[2]
    end
  end
  for _, name in ipairs(ADDITIONAL_HEADERS) do
    r.headers_in[name] = response.first[name]
  end
  -- Replaces the client's Authorization and Cookie with Gatepost's, or with none: an app password or token that Gatepost
  -- accepted must not reach the application, nor may Gatepost's own cookies.
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
    -- One table holds one value of a name, and the client gets those of both: Gatepost challenges by Basic and by Bearer.
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
  local path = raw_path(r)
  if not path then
    return 400
  end
  local url = r.subprocess_env['GATEPOST_URL']
  local address = assert(url and url:match('^http://([^/]+)$'), 'GATEPOST_URL is not http://host:port')
  -- Attack: the response to a client's own auth request (/outpost.goauthentik.io/auth/…) would show the client its tokens,
  -- and an application that got a request for one of the pages would get it with the session cookie.
  if r.uri:find(PREFIX, 1, true) == 1 or path:find(PREFIX, 1, true) == 1 then
    local page = path:match('^([^?]*)'):sub(#PREFIX + 2)
    local target = 'proxy:' .. url .. PREFIX .. '/' .. page
    if not PAGES[page] or r.uri ~= PREFIX .. '/' .. page or (r.filename .. '?'):find(target .. '?', 1, true) ~= 1 then
      return 404
    end
    clean(r)
    return apache2.OK
  end
  local response = client.get(address, auth_request(r, address, path))
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
