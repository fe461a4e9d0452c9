-- KEYS: life, room, log, text, mark. ARGV: life, a user, the seq to begin with or none for the one
-- after the mark, how many to look at. Gives the mark, the seq to go on with or none, how many
-- messages there are, and the texts that may mention somebody.
local life, room, log, text, mark = unpack(KEYS)
local user, limit = ARGV[2], tonumber(ARGV[4])
local read = redis.call('HGET', mark, user) or '0'
local head, first = where(room)
local from = math.max(first, ARGV[3] == '' and tonumber(read) + 1 or tonumber(ARGV[3]))
local reply = {'ok', read, '', 0}
if from > head then return reply end
local entries, seqs = redis.call('XRANGE', log, int(from), '+', 'COUNT', limit), {}
for _, entry in ipairs(entries) do
  local f = entry[2]
  if f[2] == 'message' and f[6] ~= user then seqs[#seqs + 1] = string.match(entry[1], '^%d+') end
end
if #entries == limit then reply[3] = int(from + limit) end
if #seqs == 0 then return reply end
for _, said in ipairs(redis.call('HMGET', text, unpack(seqs))) do
  if said then
    reply[4] = reply[4] + 1
    if string.find(said, '@', 1, true) then reply[#reply + 1] = said end
  end
end
return reply
