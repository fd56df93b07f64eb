package mail_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"duradesk/mail"
)

// TestQuotes reads testdata/quotes: a body, a line of equals signs, and what of it is shown.
func TestQuotes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/quotes/*.txt")
	require.NoError(t, err)
	require.Greater(t, len(files), 60)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			body, want, ok := strings.Cut(string(raw), "\n=====\n")
			require.True(t, ok)
			split := mail.SplitText(body)
			requireSound(t, body, split)
			require.Equal(t, strings.TrimSpace(want), split.Visible(body))
		})
	}
}

// requireSound checks what holds for every split: ranges in order, within the text, apart from each other, at lines.
func requireSound(t *testing.T, text string, s mail.Split) {
	t.Helper()
	for _, ranges := range [][]mail.Range{s.Quoted, s.Signature} {
		end := 0
		for _, r := range ranges {
			require.LessOrEqual(t, end, r.Start)
			require.Less(t, r.Start, r.End)
			require.LessOrEqual(t, r.End, len(text))
			require.True(t, r.Start == 0 || text[r.Start-1] == '\n')
			require.True(t, r.End == len(text) || text[r.End-1] == '\n')
			end = r.End
		}
	}
	for _, q := range s.Quoted {
		for _, g := range s.Signature {
			require.True(t, q.End <= g.Start || g.End <= q.Start, "quotation and signature overlap")
		}
	}
	if strings.TrimSpace(text) != "" {
		require.NotEmpty(t, s.Visible(text), "something is always shown")
	}
}

func TestOpeningMailIsNotTrimmed(t *testing.T) {
	t.Parallel()
	m, _ := mail.Parse([]byte("From: a@x.example\nSubject: Fwd: x\nContent-Type: text/plain; charset=utf-8\n\nSee below.\n\n-----Original Message-----\nFrom: b\nSent: c\nTo: d\nSubject: e\n\nThe matter.\n\n-- \nAnna\n"), mail.Limits{})
	require.Equal(t, "See below.", mail.SplitReply(m, false).Visible(m.Text))
	opening := mail.SplitReply(m, true)
	require.Empty(t, opening.Quoted)
	require.Contains(t, opening.Visible(m.Text), "The matter.")
	require.NotContains(t, opening.Visible(m.Text), "Anna")
}

// TestHTMLQuotes are replies whose quotation shows in the HTML.
func TestHTMLQuotes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ page, want string }{
		"gmail":           {`<div dir="ltr">New text</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Tue someone odd scribbled<br></div><blockquote class="gmail_quote">old</blockquote></div>`, "New text"},
		"outlook desktop": {`<div>New text</div><div id="appendonsend"></div><div>old without any header</div>`, "New text"},
		"outlook block":   {`<p>New text</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p><b>From:</b> A<br><b>Sent:</b> B<br><b>To:</b> C<br><b>Subject:</b> D</p></div><p>old</p>`, "New text"},
		"apple":           {`<html><body>New text<div><br><blockquote type="cite"><div>On Tue, A &lt;a@x.example&gt; wrote:</div><div>old</div></blockquote></div></body></html>`, "New text"},
		"thunderbird":     {`<p>New text</p><div class="moz-cite-prefix">Am 24.11.26 um 10:00 schrieb A:<br></div><blockquote type="cite">old</blockquote>`, "New text"},
		"yahoo":           {`<div>New text</div><div class="yahoo_quoted"><div>old</div></div>`, "New text"},
		"proton":          {`<div>New text</div><div class="protonmail_quote">On Tue A wrote:<blockquote class="protonmail_quote">old</blockquote></div>`, "New text"},
		"bottom post":     {`<blockquote type="cite">old</blockquote><p>New text</p>`, "New text"},
		"interleaved":     {`<p>Hi</p><blockquote type="cite">Which?</blockquote><p>The big one.</p><blockquote type="cite">When?</blockquote><p>Monday.</p>`, "Hi\n\n> Which?\n\nThe big one.\n\n> When?\n\nMonday."},
		"japanese":        {`<div>動きました。</div><div class="gmail_quote"><div class="gmail_attr">2026年11月24日(火) 10:00 サポート &lt;<a href="mailto:s@x.example">s@x.example</a>&gt;:<br></div><blockquote class="gmail_quote">もう一度</blockquote></div>`, "動きました。"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, _ := mail.Parse([]byte("From: a@x.example\nSubject: Re: x\nContent-Type: text/html; charset=utf-8\n\n"+c.page), mail.Limits{})
			split := mail.SplitReply(m, false)
			requireSound(t, m.Text, split)
			require.Equal(t, c.want, split.Visible(m.Text))

			// The same with a text part that gives no hint: the HTML tells where it ends.
			plain := strings.ReplaceAll(strings.ReplaceAll(m.Text, "\n> ", "\n"), "> ", "")
			if name == "outlook desktop" || name == "yahoo" {
				plain = strings.ReplaceAll(plain, "old", "old words of the other side, long enough to be found")
				page := strings.ReplaceAll(c.page, "old", "old words of the other side, long enough to be found")
				both, _ := mail.Parse([]byte("From: a@x.example\nSubject: Re: x\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"+plain+"\n--b\nContent-Type: text/html\n\n"+page+"\n--b--\n"), mail.Limits{})
				require.Equal(t, c.want, mail.SplitReply(both, false).Visible(both.Text))
			}
		})
	}
}

func TestReplyAboveIsFound(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"##- Please type your reply above this line -##", "##- この行より上に返信をご記入ください -##"} {
		text := "mine\n\n" + line + "\ntheirs\n"
		require.Equal(t, "mine", mail.SplitText(text).Visible(text))
	}
}

func FuzzQuote(f *testing.F) {
	files, err := filepath.Glob("testdata/quotes/*.txt")
	require.NoError(f, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(f, err)
		body, _, _ := strings.Cut(string(raw), "\n=====\n")
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		requireSound(t, text, mail.SplitText(text))
	})
}
