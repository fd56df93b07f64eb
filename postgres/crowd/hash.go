package crowd

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"time"
)

//go:embed cast.go fill.go speech.go
var sources embed.FS

// sampled is how many rows of words stand for what the product makes of texts.
const sampled = 200

// Hash names the crowd that Fill makes of these options: it changes with this package's sources, and with the words that
// the product keeps of a text. Whoever keeps a filled database knows by it whether it would be made the same today.
func (o Options) Hash() (string, error) {
	o.Until, o.Progress = time.Time{}.AddDate(2020, 0, 0), func(string, int, int) {}
	o = o.withDefaults()
	sum := sha256.New()
	names, err := sources.ReadDir(".")
	if err != nil {
		return "", fmt.Errorf("read the crowd's sources: %w", err)
	}
	for _, name := range names {
		source, err := sources.ReadFile(name.Name())
		if err != nil {
			return "", fmt.Errorf("read the crowd's sources: %w", err)
		}
		sum.Write(source)
	}
	fmt.Fprintln(sum, o.Tickets, o.Messages, o.Clients, o.Agents, o.Desk, o.Seed)
	c := &cast{Options: o}
	c.begin()
	for n := 1; n <= min(sampled, o.Tickets); n++ {
		fmt.Fprintln(sum, c.titleWords(n), c.clientWords(n), c.messageWords(n))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// RareWord is an English word of the crowd that is said as seldom as any: the last of the vocabulary that stands in it
// once, for what is made of syllables comes up twice, and the short ones among the common words too.
func (o Options) RareWord() string {
	words := newSpeech(o.Seed + 2).english
	times := map[string]int{}
	for _, w := range words {
		times[w]++
	}
	for i := len(words) - 1; ; i-- {
		if times[words[i]] == 1 {
			return words[i]
		}
	}
}
