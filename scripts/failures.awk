# Prints what the failed tests of a log of `go test` had to say, with -v or without: forty lines of each message, where it is told above or below the
# line that says FAIL.
/^=== (RUN|NAME|CONT|PAUSE) / { test = $3; next }
/^ *--- FAIL: / { test = $3; failed[++count] = test; next }
/^ *--- / { test = ""; next }
/^(PASS|FAIL|ok)/ { next }
/^panic: / { print; next }
/_test\.go:[0-9]+: / { lines[test] = 0 }
test != "" && lines[test]++ < 40 { said[test] = said[test] substr($0, 1, 2000) "\n" }
END { for (i = 1; i <= count; i++) if (said[failed[i]] != "") printf "%s:\n%s", failed[i], said[failed[i]] }
