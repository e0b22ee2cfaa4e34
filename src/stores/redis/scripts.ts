/** The atomic steps of the Redis store, for all versions. Each has one key, so that it runs on a cluster. */

/**
 * Reads a counter: a text of places, each a member and the milliseconds by which its end comes before the record's.
 * By the record's own time to live, thus the clock of Redis: those of replicas differ, and a fast one would free places
 * early. (TIME is in none of the categories that a user with few rights has.)
 * Attack: a text that is no list of places would leave every place free, so it is an error.
 */
const READ_PLACES = `local text = redis.call('GET', KEYS[1]) or ''
local left = redis.call('PTTL', KEYS[1])
if left == -1 or string.gsub(text .. ' ', '[%w_-]+:%d+ ', '') ~= (text == '' and left < 0 and ' ' or '') then
  return redis.error_reply('ERR a counter is not a list of places')
end
local rests, members = {}, {}
for member, before in string.gmatch(text, '([%w_-]+):(%d+)') do
  if left > tonumber(before) then
    rests[member] = left - before
    table.insert(members, member)
  end
end
local function write(ttl)
  local places = {}
  for member, rest in pairs(rests) do table.insert(places, member .. ':' .. string.format('%d', ttl - rest)) end
  if #places == 0 then return redis.call('DEL', KEYS[1]) end
  redis.call('SET', KEYS[1], table.concat(places, ' '), 'PX', ttl)
end`;

/**
 * Takes a place for the member `ARGV[1]` among `ARGV[2]` places for `ARGV[3]` milliseconds: `{count, added}`, or `{0,
 * milliseconds until a place is free}`.
 */
export const RESERVE = `${READ_PLACES}
local excess = #members - ARGV[2]
if excess >= 0 then
  table.sort(members, function(one, other) return rests[one] < rests[other] end)
  return {0, rests[members[excess + 1]]}
end
local added = rests[ARGV[1]] == nil and 1 or 0
rests[ARGV[1]] = tonumber(ARGV[3])
write(math.max(left, tonumber(ARGV[3])))
return {#members + added, added}`;

/** Gives the place of the member `ARGV[1]` back; whether it had one. */
export const CANCEL = `${READ_PLACES}
if rests[ARGV[1]] == nil then return 0 end
rests[ARGV[1]] = nil
write(left)
return 1`;

/** Adds one to a number; `ARGV[1]` where there is none. It lasts `ARGV[2]` milliseconds. */
export const INCREMENT = `local text = redis.call('GET', KEYS[1])
local next = text and string.match(text, '^%d+$') and tonumber(text) + 1 or tonumber(ARGV[1])
if text and not string.match(text, '^%d+$') or next > 9007199254740991 then
  return redis.error_reply('ERR a number is none')
end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', ARGV[2])
return next`;

/** Deletes the record if it has the value `ARGV[1]`. */
export const DELETE_IF = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** Writes `ARGV[2]` for `ARGV[3]` milliseconds if the record has the value `ARGV[1]`. */
export const REPLACE_IF = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/** Makes the record last for at least `ARGV[2]` milliseconds if it has the value `ARGV[1]`. */
export const KEEP = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1`;
