#!/bin/sh
# Unpacks Debian's SimpleSAMLphp into .tools/, where the tests look for it. It is not installed:
# the package would bring a web server that starts, and PHP's own is enough here.
# PHP itself comes from: apt-get install php-cli php-xml php-mbstring
set -eu
cd "$(dirname "$0")/../.."
mkdir -p .tools
place=$(mktemp -d .tools/fetching.XXXXXX)
trap 'rm -rf "$place"' EXIT
(cd "$place" && apt-get -qq -o APT::Sandbox::User=root download simplesamlphp)
dpkg-deb -x "$place"/simplesamlphp_*.deb "$place/root"
rm -rf .tools/simplesamlphp
mv "$place/root" .tools/simplesamlphp
