-- What gatepost.lua reads of a client's request, and what of it the application gets.

-- The client's headers that the auth request copies. auth_request sets the others that Gatepost reads.
-- Attack: a client that chooses the URI or the host in the auth request chooses the access rules (oauth2-proxy:
-- GHSA-7x63-xv5r-3p2x, X-Forwarded-Uri).
local CLIENT_HEADERS = {
  'Accept', 'Accept-Language', 'Access-Control-Request-Method', 'Access-Control-Request-Headers', 'Authorization',
  'Cookie', 'Origin', 'Sec-Fetch-Mode', 'Traceparent', 'Upgrade', 'User-Agent', 'X-authentik-no-redirect',
  'X-Requested-With',
}

-- The client's headers that no application gets.
local DELETED = {
  -- Attack: CGI, WSGI and PHP read X_authentik_username, X.authentik.username and X~authentik~username as
  -- HTTP_X_AUTHENTIK_USERNAME, the name of the true header (oauth2-proxy: GHSA-vjrc-mh2v-45x6, Traefik:
  -- GHSA-rf44-j88r-hh8c).
  '[^-0-9a-z]', '^x%-authentik%-',
  -- What applications believe about the client's address, the URL and the scheme.
  -- Attack: "X-Forwarded-Prefix: //evil.example" in a client's request becomes the target of the application's
  -- redirects, "X-Original-URL: /admin" opens another page than Gatepost has authorized, and "Client-IP: 127.0.0.1" is
  -- "local".
  '^forwarded$', '^forwarded%-', '^x%-forwarded$', '^x%-forwarded%-', '^x%-original%-', '^x%-rewrite%-', '^x%-host$',
  '^x%-scheme$', '^x%-script%-name$', '^x%-url%-scheme$', '^x%-originating%-ip$', '^x%-remote%-addr$',
  '^x%-remote%-ip$', '^client%-ip$', '%-client%-ip$', '^connecting%-ip$', '%-connecting%-ip$', '^front%-end%-https$',
}

-- Returns the path and query as the client wrote them, neither decoded nor normalized; nil where there is none:
-- CONNECT, "OPTIONS *".
-- Attack: the requests inside a CONNECT tunnel reach the application without an auth request.
local function raw_path(r)
  local target = r.unparsed_uri
  if r.method == 'CONNECT' or target:find('^/') then
    return r.method ~= 'CONNECT' and target or nil
  end
  -- Attack: where the target has a host ("GET http://app.example.com/public/%2e%2e/admin"), mod_proxy passes on the
  -- decoded path, another one than Gatepost authorizes. Only a path that decoding does not change is the same.
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
    'GET /outpost.goauthentik.io/auth/nginx HTTP/1.1', 'Host: ' .. address,
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

-- Deletes what only Gatepost or this proxy may say, and says what this proxy sees. `identity_headers`: names that
-- Gatepost sets beside X-authentik-….
-- Attack: a client that chooses these values chooses where the login returns to, opens access rules with "networks" and
-- evades the rate limits.
local function clean(r, identity_headers)
  for name in pairs(r:headers_in_table()) do
    for _, pattern in ipairs(DELETED) do
      if name:lower():find(pattern) then
        r.headers_in[name] = nil
      end
    end
  end
  for _, name in ipairs(identity_headers) do
    r.headers_in[name] = nil
  end
  -- Passes on no upgrade but a WebSocket.
  -- Attack: an application that accepts "Upgrade: h2c" on a public path reads HTTP/2 from then on, and httpd passes on
  -- the following requests, to /admin and with forged headers, without an auth request (Traefik: CVE-2026-88008).
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

return { raw_path = raw_path, auth_request = auth_request, clean = clean }
