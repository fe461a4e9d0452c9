-- KEYS: life, room, log, text. ARGV: life, a cursor, how many to look at. Gives the first event that is
-- kept, and of each after the cursor its kind, whom it is by or what it is about, and of a message's
-- text, as it is now: @ if it has one, x if there is none any more.
local life, room, log, text = unpack(KEYS)
local head, first = where(room)
local from = math.max(first, tonumber(ARGV[2]) + 1)
local reply = {'ok', int(first)}
if from > head then return reply end
local entries, about, seqs = redis.call('XRANGE', log, int(from), '+', 'COUNT', ARGV[3]), {}, {}
for i, entry in ipairs(entries) do
  local f = entry[2]
  local message = f[2] == 'message'
  about[i] = message and f[6] or f[14]
  seqs[i] = message and string.match(entry[1], '^%d+') or f[2] == 'edit' and f[14] or '0'
end
if #entries == 0 then return reply end
local texts = redis.call('HMGET', text, unpack(seqs))
local n = #reply
for i, entry in ipairs(entries) do
  local said = texts[i]
  reply[n + 1], reply[n + 2] = entry[2][2], about[i]
  reply[n + 3] = not said and 'x' or string.find(said, '@', 1, true) and '@' or ''
  n = n + 3
end
return reply
