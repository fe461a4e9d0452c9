-- KEYS: life, room, log, text, changed, key. ARGV: life, the prefixes of reacted and emoji, a time,
-- how many at most. Gives how many events from before that time were forgotten.
local life, room, log, text, changed, keyed = unpack(KEYS)
local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', ARGV[5])
local n = 0
while n < #oldest and tonumber(oldest[n + 1][2][4]) < tonumber(ARGV[4]) do n = n + 1 end
if n > 0 then
  redis.call('HSET', room, 'first', forget(oldest, n, log, text, changed, keyed, ARGV[2], ARGV[3]))
end
return {'ok', n}
