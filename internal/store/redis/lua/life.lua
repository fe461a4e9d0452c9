-- KEYS: life, secret. ARGV: the server, a life for it if it is another one, a secret for a store
-- that has none. Gives the life and the secret that are.
local at, secret = redis.call('HMGET', KEYS[1], 'server', 'id'), redis.call('GET', KEYS[2])
local another = at[1] ~= ARGV[1] or not at[2]
if another or not secret then
  -- A full Redis refuses what takes memory only as a script's first write. After one that takes
  -- none it lets us have these few bytes, without which nobody could even read.
  redis.call('HDEL', KEYS[1], '')
end
if another then
  redis.call('HSET', KEYS[1], 'server', ARGV[1], 'id', ARGV[2])
  at[2] = ARGV[2]
end
if not secret then
  redis.call('SET', KEYS[2], ARGV[3])
  secret = ARGV[3]
end
return {at[2], secret}
