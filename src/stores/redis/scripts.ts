/** The atomic steps of the Redis store, for all versions. Each has one key, so that it runs on a cluster. */

/** A count and its end in one step: an end that is set later may never be set, and the record would stay for ever. */
export const INCREMENT = `local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count`;

/** Deletes the record if it has the value `ARGV[1]`. */
export const DELETE_IF = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** Writes `ARGV[2]` for `ARGV[3]` milliseconds if the record has the value `ARGV[1]`. */
export const REPLACE_IF = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;
