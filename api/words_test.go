package api

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"duradesk/ticket"
)

// The document lists the words that there are: a program that was written from it must know every one of them.
func TestTheDocumentListsEveryWord(t *testing.T) {
	t.Parallel()
	doc, _ := readSpec(t)
	for schema, want := range map[string][]any{
		"State": namesOf(ticket.States()), "HoldReason": namesOf(ticket.HoldReasons()), "Category": namesOf(ticket.Categories()),
		"ClockKind": namesOf(ticket.ClockKinds()), "ViewKey": namesOf(Views),
	} {
		require.ElementsMatch(t, want, doc.Components.Schemas[schema].Value.Enum, "the enum %s of api/openapi.yaml", schema)
	}
	for _, language := range languages {
		for _, h := range ticket.HoldReasons() {
			require.Contains(t, theTexts()[language]["field.hold_reason"], h.String(), "the text field.hold_reason in %s", language)
		}
	}
}

func namesOf[T any](of []T) []any {
	out := make([]any, len(of))
	for i, w := range of {
		out[i] = fmt.Sprint(w)
	}
	return out
}
