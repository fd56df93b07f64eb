package mail

import (
	"regexp"
	"strings"
)

// ParseIDs reads the message ids of a Message-ID, In-Reply-To or References header, in order and without angle
// brackets. It tolerates comments, missing angles, blanks within an id (a bad fold) and free text. At most max are
// given; of more, the last ones, which are nearest to the mail.
func ParseIDs(raw string, max int) []string {
	var ids []string
	rest := raw
	for {
		open := strings.IndexByte(rest, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(rest[open:], '>')
		if end < 0 {
			ids = appendID(ids, rest[open+1:])
			break
		}
		ids = appendID(ids, rest[open+1:open+end])
		rest = rest[open+end+1:]
	}
	if len(ids) == 0 {
		bare, _ := cutComments(raw)
		for _, f := range strings.FieldsFunc(bare, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == ';' }) {
			if strings.Contains(f, "@") {
				ids = appendID(ids, f)
			}
		}
	}
	if len(ids) > max {
		ids = ids[len(ids)-max:]
	}
	return ids
}

func appendID(ids []string, id string) []string {
	id = strings.Join(strings.Fields(id), "")
	id = strings.Trim(id, "<>\"'")
	id = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(id, ""))
	if id == "" || len(id) > 998 {
		return ids
	}
	return append(ids, id)
}

var jiraID = regexp.MustCompile(`^(?i)(jira\.\d+\.)\d+\..*(@.*)$`)

// LookupID is the form of a foreign message id under which it is stored and looked up: issue trackers that mutate their
// ids per mail (JIRA.<issue>.<time>.*@host) are folded to the stem.
func LookupID(id string) string {
	if m := jiraID.FindStringSubmatch(id); m != nil {
		return strings.ToLower(m[1] + m[2])
	}
	return id
}
