package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatAFileSaysAsAnArticle(t *testing.T) {
	t.Parallel()
	for _, c := range [][5]string{
		{"Reset Printer.md", "\uFEFF# Reset the printer\r\n\r\nHold it.\r\n", "reset-printer", "Reset the printer", "Hold it."},
		{"no_title.md", "Only text\nhere", "no_title", "no_title", "Only text\nhere"},
		{"title.md", "# Only a title", "title", "title", "# Only a title"},
	} {
		key, title, body := articleOf(c[0], c[1])
		require.Equal(t, []string{c[2], c[3], c[4]}, []string{key, title, body})
	}
}
