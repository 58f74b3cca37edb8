<?php
// What its admin would do with SimpleSAMLphp's converter: read the XML that the service provider
// handed over, and add what was agreed on besides.
$folder = getenv('FOREIGN_FOLDER') . '/';
$situation = json_decode(file_get_contents($folder . 'situation.json'), true);
$formats = [
    'persistent' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    'email' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    'transient' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
];
foreach (glob($folder . 'sp-*.xml') as $file) {
    $parsed = SimpleSAML\Metadata\SAMLParser::parseString(file_get_contents($file));
    $described = $parsed->getMetadata20SP();
    $described['NameIDFormat'] = $formats[$situation['name_id']];
    $described['validate.authnrequest'] = $situation['require_signed_requests'];
    $metadata[$described['entityid']] = $described;
}
