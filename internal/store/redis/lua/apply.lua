-- KEYS: life, rooms, room, log, text, changed, key, mark. ARGV: life, the room's name, the head
-- and first that it was decided for, how many events are kept, the batch, the prefixes of reacted
-- and emoji, the number of events, ten values for each, and then users and their marks. All of it
-- is done, or nothing. Gives the marks as they were.
local life, rooms, room, log, text, changed, keyed, mark = unpack(KEYS)
local reacted, emoji = ARGV[7], ARGV[8]
local events = tonumber(ARGV[9])
local head, first = where(room)
if events > 0 and (int(head) ~= ARGV[3] or int(first) ~= ARGV[4]) then return {'moved'} end

local batch = ARGV[6]
local at = 10
local began = head == 0
for i = 1, events do
  local kind, time, user, name, key, reply, target, sign, said, body = unpack(ARGV, at, at + 9)
  at = at + 10
  head = head + 1
  local seq = int(head)
  local stamp = seq .. ' ' .. time
  -- The first of all writes: should it be refused, nothing is done.
  redis.call('XADD', log, seq .. '-0', 'k', kind, 't', time, 'u', user, 'n', name, 'c', key, 'r', reply,
    'g', target, 'e', sign, 'x', kind == 'topic' and said or '', 'b', i == events and batch or '')
  if kind == 'message' then
    redis.call('HSET', text, seq, said)
    if key ~= '' then redis.call('HSET', keyed, keyField(user, key), stamp .. ' ' .. body) end
  elseif kind == 'edit' then
    redis.call('HSET', text, target, said)
    redis.call('HSET', changed, target, stamp)
  elseif kind == 'delete' then
    redis.call('HDEL', text, target)
    redis.call('HSET', changed, target, stamp)
    redis.call('UNLINK', reacted .. target, emoji .. target)
  elseif kind == 'react' then
    redis.call('HSET', reacted .. target, reactionField(user, sign), stamp)
    redis.call('HINCRBY', emoji .. target, sign, 1)
  elseif kind == 'unreact' then
    redis.call('HDEL', reacted .. target, reactionField(user, sign))
    if redis.call('HINCRBY', emoji .. target, sign, -1) <= 0 then redis.call('HDEL', emoji .. target, sign) end
  else
    redis.call('HSET', room, 'topic', said, 'topic_seq', seq, 'topic_time', time)
  end
end
if events > 0 then
  redis.call('HSET', room, 'head', int(head), 'time', ARGV[at - 9])
  if began then redis.call('SADD', rooms, ARGV[2]) end
  -- A history that was set shorter goes bit by bit, so that nobody waits for it.
  local over = math.min(head - first + 1 - tonumber(ARGV[5]), events + 256)
  if over > 0 then
    local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', over)
    redis.call('HSET', room, 'first', forget(oldest, #oldest, log, text, changed, keyed, reacted, emoji))
  end
end

local reply = {'ok'}
for i = at, #ARGV, 2 do
  local user, seq = ARGV[i], ARGV[i + 1]
  local old = redis.call('HGET', mark, user) or '0'
  if tonumber(old) < tonumber(seq) then redis.call('HSET', mark, user, seq) end
  reply[#reply + 1] = old
end
return reply
