<?php
// People with a password each, asked by SimpleSAMLphp's own form.
$situation = json_decode(file_get_contents(getenv('FOREIGN_FOLDER') . '/situation.json'), true);
$config = [
    'people' => array_merge(['exampleauth:UserPass'], $situation['people']),
];
