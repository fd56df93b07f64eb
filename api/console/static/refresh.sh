#!/bin/sh
# Fetches what the console takes from others, once, and writes down its hashes:
#   api/console/static/refresh.sh 4.0.1 1.62.0
# Then run the tests of ./api/console and ./e2e/console.
set -eu
htmx=${1:?which version of htmx.org} lucide=${2:?which version of lucide-static}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch() { (cd "$work" && npm pack --silent "$1" >/dev/null && mkdir -p "$2" && tar xzf ./*.tgz -C "$2" && rm ./*.tgz); }
fetch "htmx.org@$htmx" htmx
fetch "lucide-static@$lucide" lucide
mkdir -p "$here/vendor"
cp "$work/htmx/package/dist/htmx.min.js" "$here/vendor/htmx.min.js"
cp "$work/htmx/package/LICENSE" "$here/vendor/LICENSE-htmx"
cp "$work/lucide/package/LICENSE" "$here/vendor/LICENSE-lucide"

# One file of symbols: <name of ours>=<icon of Lucide>.
icons='mail=mail portal=globe phone=phone chat=message-circle external=plug inbox=inbox search=search plus=plus bell=bell gear=settings
keyboard=keyboard out=user-minus leave=log-out hand=hand transfer=arrow-right-left pause=pause check=check check-in=check-check undo=undo-2
trash=trash-2 forward=corner-up-right up=arrow-up tag=tag clock=clock merge=git-merge link=link lock=lock down=chevron-down more=ellipsis
clip=paperclip file=file eye=eye pen=pencil reply=reply note=sticky-note warn=triangle-alert x=x open=external-link bold=bold italic=italic
list=list numbers=list-ordered quote=text-quote code=code send=send history=history user=user users=users sun=sun moon=moon left=arrow-left
help=circle-help download=download bolt=zap save=bookmark refresh=refresh-cw split=split calendar=calendar book=book-open copy=copy'
{
  printf '<svg xmlns="http://www.w3.org/2000/svg">\n'
  for pair in $icons; do
    body=$(sed -e '/^<!--/d' -e '/^<svg/,/^>/d' -e '/^ *class=/d' -e '/^<\/svg>/d' "$work/lucide/package/icons/${pair#*=}.svg" | tr -d '\n' | sed 's/  */ /g')
    printf '<symbol id="%s" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">%s</symbol>\n' "${pair%%=*}" "$body"
  done
  printf '</svg>\n'
} >"$here/icons.svg"
cd "$here"
{
  printf '# What is taken from others: hash, file, package and version, licence. Written by refresh.sh.\n'
  printf '%s  vendor/htmx.min.js  htmx.org@%s dist/htmx.min.js (0BSD)\n' "$(sha256sum vendor/htmx.min.js | cut -d' ' -f1)" "$htmx"
  printf '%s  icons.svg  lucide-static@%s icons (ISC)\n' "$(sha256sum icons.svg | cut -d' ' -f1)" "$lucide"
} >vendor.sha256
cat vendor.sha256
