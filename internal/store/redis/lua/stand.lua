-- KEYS: life, rooms. ARGV: life. Gives head, first, topic and time of each.
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return {'life'} end
local reply = {'ok'}
for i = 2, #KEYS do
  local at = redis.call('HMGET', KEYS[i], 'head', 'first', 'topic', 'time')
  for j = 1, 4 do reply[#reply + 1] = at[j] end
end
return reply
