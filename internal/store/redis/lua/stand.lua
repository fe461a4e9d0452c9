-- KEYS: life, rooms. ARGV: life. Gives head, first, topic and time of each.
local reply = {'ok'}
for i = 2, #KEYS do
  local at = redis.call('HMGET', KEYS[i], 'head', 'first', 'topic', 'time')
  for j = 1, 4 do reply[#reply + 1] = at[j] end
end
return reply
