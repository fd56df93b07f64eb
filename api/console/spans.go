package console

import (
	"regexp"
	"strconv"
	"strings"
)

// spanPart is a number with its unit, in either language.
var spanPart = regexp.MustCompile(`^(\d{1,7})\s*(d|h|m|日|時間|分)\s*`)

var spanUnits = map[string]int64{"d": 24 * 60, "日": 24 * 60, "h": 60, "時間": 60, "m": 1, "分": 1}

// minutesOf reads a span such as 2h 30m, 14d, 2時間30分, or 0.
func minutesOf(text string) (int64, bool) {
	text = strings.TrimSpace(text)
	if text == "0" {
		return 0, true
	}
	sum := int64(0)
	for text != "" {
		part := spanPart.FindStringSubmatch(text)
		if part == nil {
			return 0, false
		}
		n, err := strconv.ParseInt(part[1], 10, 64)
		if err != nil {
			return 0, false
		}
		sum += n * spanUnits[part[2]]
		text = text[len(part[0]):]
	}
	return sum, true
}

// spanText writes minutes as minutesOf reads them. Days are those of the wall clock: only whole weeks and more of hours
// are written in them, for a working day has fewer.
func spanText(lang string, minutes int64) string {
	units := [3]string{"d", "h", "m"}
	between := " "
	if lang == "ja" {
		units, between = [3]string{"日", "時間", "分"}, ""
	}
	var parts []string
	if minutes >= 7*24*60 && minutes%(24*60) == 0 {
		parts, minutes = append(parts, strconv.FormatInt(minutes/(24*60), 10)+units[0]), 0
	}
	if minutes >= 60 {
		parts, minutes = append(parts, strconv.FormatInt(minutes/60, 10)+units[1]), minutes%60
	}
	if minutes > 0 {
		parts = append(parts, strconv.FormatInt(minutes, 10)+units[2])
	}
	if parts == nil {
		return "0"
	}
	return strings.Join(parts, between)
}
