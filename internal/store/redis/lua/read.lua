-- KEYS: life, room, log, text, changed. ARGV: life, a cursor, how many.
local life, room, log, text, changed = unpack(KEYS)
local head, first = where(room)
local cursor = tonumber(ARGV[2])
if cursor >= head then return {'ok'} end
if cursor + 1 < first then return {'gone'} end
local entries = redis.call('XRANGE', log, int(cursor + 1), '+', 'COUNT', ARGV[3])
if #entries == 0 then return {'lost'} end -- somebody else has been at our keys
return rows({'ok'}, entries, text, changed)
