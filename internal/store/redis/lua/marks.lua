-- KEYS: life, and for each room the room and its marks. ARGV: life, a user. Gives head, first and the
-- user's mark in each.
local reply = {'ok'}
for i = 2, #KEYS, 2 do
  local head, first = where(KEYS[i])
  reply[#reply + 1] = int(head)
  reply[#reply + 1] = int(first)
  reply[#reply + 1] = redis.call('HGET', KEYS[i + 1], ARGV[2])
end
return reply
