package main

import (
	"fmt"
	"html"
	"strings"
)

// axis is what bars stand on; places may go without a label.
type axis struct {
	by    string
	label func(place int) string
}

// bars draws two series of the same length, as bars beside each other.
func bars(title, unit string, a axis, names [2]string, first, second []float64) string {
	most := 1e-9
	for i := range first {
		for _, v := range []float64{first[i], second[i]} {
			if v > most { // no figure is not more
				most = v
			}
		}
	}
	const left, width, height, base = 60, 560, 140, 180
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 210" role="img" aria-label="%s by %s" font-family="system-ui, sans-serif" font-size="13">`, html.EscapeString(title), a.by)
	b.WriteString(`<style>text{fill:#333}.axis{stroke:#999}.first{fill:#2563eb}.second{fill:#d97706}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>`)
	fmt.Fprintf(&b, `<text x="8" y="18" font-weight="600">%s</text><rect class="first" x="250" y="8" width="12" height="12"/><text x="268" y="19">%s</text>`, html.EscapeString(title), names[0])
	fmt.Fprintf(&b, `<rect class="second" x="400" y="8" width="12" height="12"/><text x="418" y="19">%s</text>`, names[1])
	fmt.Fprintf(&b, `<line class="axis" x1="%d" y1="%d" x2="%d" y2="%d"/><text x="%d" y="%d" text-anchor="end">%s %s</text>`, left, base, left+width, base, left-4, base-height+4, number(most), unit)
	each := width / float64(len(first))
	for place := range first {
		x := left + each*float64(place)
		for i, v := range []float64{first[place], second[place]} {
			if v > 0 {
				size := height * v / most
				fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, []string{"first", "second"}[i], x+2+(each/2-2)*float64(i), base-size, each/2-3, size)
			}
		}
		if label := a.label(place); label != "" {
			fmt.Fprintf(&b, `<text x="%.1f" y="%d">%s</text>`, x, base+18, html.EscapeString(label))
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}
