package api

import (
	"slices"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/lifecycle"
	"duradesk/ticket"
)

// buttons say what the asker of one request may send. Of the many tickets of a list most may be sent the same, for the same
// reasons: these are put into words once.
type buttons struct {
	s    *server
	lang string
	by   ticket.Actor
	said []saidOf
}

// saidOf are the table's answers, and what a person reads of them.
type saidOf struct {
	answers []lifecycle.Allowance
	words   []openapi.Allowance
}

func (s *server) buttons(c *gin.Context) *buttons {
	return &buttons{s: s, lang: s.language(c), by: askerOf(c).actor()}
}

// of lists every command of the asker; one with a reason is refused now. The list belongs to other tickets too, and is not
// to be changed.
func (b *buttons) of(rec ticket.Record) []openapi.Allowance {
	table, policy := b.s.rules(rec)
	answers := table.Allowed(rec.Process, b.by, policy)
	for _, before := range b.said {
		if slices.Equal(before.answers, answers) {
			return before.words
		}
	}
	words := make([]openapi.Allowance, len(answers))
	for i, a := range answers {
		words[i] = openapi.Allowance{Command: a.Command.String(), Reason: some(a.Reason), ReasonText: b.s.texts.reason(b.lang, a.Reason)}
	}
	b.said = append(b.said, saidOf{answers, words})
	return words
}
