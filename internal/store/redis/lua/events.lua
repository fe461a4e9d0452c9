-- What the scripts that touch events share. A log is a stream with an entry for each event,
-- whose id is its seq. An entry's fields are always these, in this order, so that Redis keeps
-- their names once for many entries: kind, time, user, name, key, reply, target, emoji, topic,
-- batch. No entry has a message's text: entries never change, texts do.

local function int(n) return string.format('%.0f', n) end

local function keyField(user, key) return #user .. ':' .. user .. key end
local function reactionField(user, emoji) return #user .. ':' .. user .. emoji end

-- where gives a room's head and first.
local function where(room)
  local at = redis.call('HMGET', room, 'head', 'first')
  return tonumber(at[1] or '0'), tonumber(at[2] or '1')
end

-- rows appends entries to a reply, each as it is now: eleven values, of which the text is false
-- where the message was deleted or forgotten, and the last is what changed it, or false.
local function rows(reply, entries, text, changed)
  if #entries == 0 then return reply end
  local seqs, texts = {}, {}
  for i, entry in ipairs(entries) do
    seqs[i] = string.match(entry[1], '^%d+')
    texts[i] = entry[2][2] == 'edit' and entry[2][14] or seqs[i]
  end
  texts = redis.call('HMGET', text, unpack(texts))
  local changes = redis.call('HMGET', changed, unpack(seqs))
  local n = #reply
  for i, entry in ipairs(entries) do
    local f = entry[2]
    reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4], reply[n + 5] = seqs[i], f[2], f[4], f[6], f[8]
    reply[n + 6], reply[n + 7], reply[n + 8], reply[n + 9] = f[10], f[12], f[14], f[16]
    reply[n + 10] = f[2] == 'topic' and f[18] or texts[i]
    reply[n + 11] = changes[i]
    n = n + 11
  end
  return reply
end

-- forget drops a room's oldest entries, and what follows from them. It returns the new first.
local function forget(entries, n, log, text, changed, keyed, reacted, emoji)
  local seq
  for i = 1, n do
    local f = entries[i][2]
    seq = string.match(entries[i][1], '^%d+')
    if f[2] == 'message' then
      redis.call('HDEL', text, seq)
      redis.call('HDEL', changed, seq)
      if f[10] ~= '' then redis.call('HDEL', keyed, keyField(f[6], f[10])) end
      redis.call('UNLINK', reacted .. seq, emoji .. seq)
    end
  end
  local first = int(tonumber(seq) + 1)
  redis.call('XTRIM', log, 'MINID', '=', first)
  return first
end
