<?php
$situation = json_decode(file_get_contents(getenv('FOREIGN_FOLDER') . '/situation.json'), true);
$formats = [
    'persistent' => [
        'class' => 'saml:PersistentNameID',
        'attribute' => 'uid',
    ],
    'email' => [
        'class' => 'saml:AttributeNameID',
        'attribute' => 'mail',
        'Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
    ],
    'transient' => ['class' => 'saml:TransientNameID'],
];
$provider = [
    'host' => '__DEFAULT__',
    'auth' => 'people',
    'privatekey' => $situation['key'] . '.key',
    'certificate' => $situation['key'] . '.crt',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'saml20.sign.assertion' => true,
    'saml20.sign.response' => $situation['sign_response'],
    'validate.authnrequest' => $situation['require_signed_requests'],
    'sign.authnrequest' => $situation['require_signed_requests'],
    'assertion.encryption' => $situation['encrypt'],
    'SingleSignOnServiceBinding' => [
        'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect',
        'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST',
    ],
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
    'authproc' => [10 => $formats[$situation['name_id']]],
];
if ($situation['next_key'] !== '') {
    $provider['new_privatekey'] = $situation['next_key'] . '.key';
    $provider['new_certificate'] = $situation['next_key'] . '.crt';
}
$metadata[$situation['base'] . '/saml2/idp/metadata.php'] = $provider;
