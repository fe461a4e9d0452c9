-- KEYS: life, nodes. ARGV: life, a node, for how many milliseconds. Gives whether it was none, and
-- all that are.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
local was = redis.call('ZADD', KEYS[2], now + tonumber(ARGV[3]), ARGV[2])
return {'ok', was, unpack(redis.call('ZRANGE', KEYS[2], 0, -1))}
