package mail_test

import (
	"os"
	"testing"

	"duradesk/mail"
)

// BenchmarkIntake is all that is done with a received mail, on an ordinary answer with HTML.
func BenchmarkIntake(b *testing.B) {
	raw, err := os.ReadFile("testdata/reply-gmail.eml")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		m, _ := mail.Parse(raw, mail.Limits{})
		mail.Classify(m, self)
		mail.SplitReply(m, false)
		mail.FindHints(m, testKeys, self)
	}
}

func BenchmarkCompose(b *testing.B) {
	o := outgoing(nil)
	for b.Loop() {
		if _, err := mail.Compose(o); err != nil {
			b.Fatal(err)
		}
	}
}
