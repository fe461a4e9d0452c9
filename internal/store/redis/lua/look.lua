-- KEYS: life, room, log, text, changed, key, mark. ARGV: life, the prefixes of reacted and emoji,
-- a seq whose batch is asked for, and, each with their number before them: messages, users and
-- keys, targets with users and emoji, targets, users. Gives where the log stands, that batch, and
-- what there is of each.
local life, room, log, text, changed, keyed, mark = unpack(KEYS)
local reacted, emoji = ARGV[2], ARGV[3]
local reply = {'ok', unpack(redis.call('HMGET', room, 'head', 'time', 'first', 'topic', 'topic_seq', 'topic_time'))}
local batch = redis.call('XRANGE', log, ARGV[4], ARGV[4])[1]
reply[8] = batch and batch[2][20] or false

local at = 5
local function each(width, look)
  local n = tonumber(ARGV[at])
  at = at + 1
  for _ = 1, n do
    look(unpack(ARGV, at, at + width - 1))
    at = at + width
  end
end
local function add(value) reply[#reply + 1] = value end

each(1, function(seq)
  local entry = redis.call('XRANGE', log, seq, seq)[1]
  if entry and entry[2][2] == 'message' then
    add(entry[2][6])
    add(entry[2][4])
    add(redis.call('HGET', text, seq))
    add(redis.call('HGET', changed, seq))
  else
    add(false)
  end
end)
each(2, function(user, key) add(redis.call('HGET', keyed, keyField(user, key))) end)
each(3, function(target, user, e) add(redis.call('HGET', reacted .. target, reactionField(user, e))) end)
each(1, function(target) add(redis.call('HGETALL', emoji .. target)) end)
each(1, function(user) add(redis.call('HGET', mark, user)) end)
return reply
