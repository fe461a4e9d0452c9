-- KEYS: life, secret. ARGV: the server, a life for it if it is another one, a secret for a store
-- that has none. Gives the life and the secret that are.
local at = redis.call('HMGET', KEYS[1], 'server', 'id')
if at[1] ~= ARGV[1] or not at[2] then
  redis.call('HSET', KEYS[1], 'server', ARGV[1], 'id', ARGV[2])
  at[2] = ARGV[2]
end
redis.call('SET', KEYS[2], ARGV[3], 'NX')
return {at[2], redis.call('GET', KEYS[2])}
