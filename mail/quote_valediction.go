package mail

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// valediction matches a line that takes leave. What follows it in few short lines is who wrote, not what he wrote.
var valediction = regexp.MustCompile(`(?i)^\s*(` +
	`((best|kind|warm|warmest|many|with( best| kind)?) )*(regards|wishes)|best|all the best|cheers|sincerely( yours)?|yours( sincerely| faithfully| truly)?|thanks( and (best |kind )?regards| again| in advance)?|many thanks|thank you( very much)?|` +
	`((mit )?(freundlichen|besten|herzlichen|lieben|vielen) (grüßen|grüssen)|(viele|liebe|beste|herzliche|schöne|freundliche) (grüße|grüsse)|mfg|lg|gruß|grüße|hochachtungsvoll)( aus .{2,30})?|` +
	`(bien )?cordialement|bien à vous|(salutations|sincères salutations|meilleures salutations)|saludos( cordiales)?|un saludo|atentamente|` +
	`(cordiali|distinti|cari) saluti|saluti|atenciosamente|cumprimentos|(com os )?melhores cumprimentos|met vriendelijke groet(en)?|groeten|` +
	`(med )?(vennlig|vänlig|venlig) hilsen|(med )?vänliga hälsningar|mvh|ystävällisin terveisin|z poważaniem|pozdrawiam|с уважением|` +
	`(以上、?)?(どうぞ|何卒)?(よろしく|宜しく)(お願い|御願い)(いた|致)?し(ます|申し上げます)|以上(です)?|敬具|草々|` +
	`감사합니다|고맙습니다|안녕히 계세요|此致|敬上|祝好|谢谢|謝謝|顺颂商祺` +
	`)\s*[,.!，。、!！]?\s*$`)

const (
	tailLines = 6  // of a signature after a valediction
	tailWidth = 60 // characters of each
)

// afterValediction finds two to six short lines at the end that follow a valediction; the valediction itself stays. One
// line alone is a name, and reads well where it is. A line that says something ends the search: a postscript, a question,
// a sentence.
func afterValediction(lines []line, end int) int {
	n := 0
	for i := end - 1; i >= 0 && n <= tailLines; i-- {
		l := lines[i]
		if l.blank {
			continue
		}
		if valediction.MatchString(l.text) {
			if n < 2 {
				return end
			}
			for lines[i+1].blank {
				i++
			}
			return i + 1
		}
		if l.quoted || says(l.text) {
			return end
		}
		n++
	}
	return end
}

func says(s string) bool {
	s = strings.TrimSpace(s)
	lower := strings.ToLower(s)
	return utf8.RuneCountInString(s) > tailWidth || strings.ContainsAny(s, "?？") || strings.HasPrefix(lower, "p.s") || strings.HasPrefix(lower, "ps:") ||
		strings.HasPrefix(s, "追伸") || strings.HasSuffix(s, "。") || strings.HasSuffix(s, ".") && strings.Count(s, " ") >= 3
}
