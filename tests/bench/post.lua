-- Unique events for wrk. Arguments: KEY END(not_after) FIELD VALUE (phone or email of the holder).
local head, middle, tail
local format, random = string.format, math.random
local serial -- a repetition has a million of its own

function init(args)
    local key, not_after, field, value = args[1], args[2], args[3], args[4]
    local seed = tonumber(args[5] or "0")
    math.randomseed(os.time() + seed)
    serial = seed * 1000000
    head = '{"specversion":"1.0","type":"tr.eimza.certificate.expiring.v1","source":"urn:ornek:bench","id":"'
    middle = '","data":{"certificate":{"ref":"'
    tail = '","not_after":"' .. not_after .. '"},"holder":{"name":"Şükran Işık","' .. field .. '":"' ..
        value .. '"},"eonay":"active"}}'
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/cloudevents+json"
    wrk.headers["Authorization"] = "Bearer " .. key
end

local function id()
    return format("%06x-%06x-%06x-%06x", random(0, 16777215), random(0, 16777215), random(0, 16777215),
        random(0, 16777215))
end

function request()
    serial = serial + 1
    local name = id()
    -- Everybody has a number of their own: nobody gets two SMS on a day.
    local rest = tail:gsub("NNNNNNN", format("%07d", serial % 10000000))
    return wrk.format(nil, nil, nil, head .. name .. middle .. name .. rest)
end
