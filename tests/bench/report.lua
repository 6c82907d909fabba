-- One delivery report of Kannel after another. Arguments: PATH of the reports, FILE with a message's
-- name per line; after the last one it begins anew, with reports told twice.
local names, path = {}, nil
local serial = 0

function init(args)
    path = args[1]
    for name in io.lines(args[2]) do
        names[#names + 1] = name
    end
    wrk.method = "GET"
end

function request()
    serial = serial + 1
    return wrk.format(nil, path .. "&ref=" .. names[(serial - 1) % #names + 1])
end
