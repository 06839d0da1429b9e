import unittest

from training.names import initials, snake_case, unique


class Names(unittest.TestCase):
    def test_words_are_parted_by_underscores(self):
        self.assertEqual(snake_case("camelCase"), "camel_case")
        self.assertEqual(snake_case("PascalCase"), "pascal_case")
        self.assertEqual(snake_case("parseHTTPHeader"), "parse_http_header")
        self.assertEqual(snake_case("plain"), "plain")

    def test_a_name_has_initials(self):
        self.assertEqual(initials("ada lovelace"), "AL")
        self.assertEqual(initials(" grace  brewster hopper "), "GBH")
        self.assertEqual(initials(""), "")

    def test_names_that_occur_again_get_a_number(self):
        self.assertEqual(unique(["a", "b", "a", "a"]), ["a", "b", "a_2", "a_3"])
        self.assertEqual(unique([]), [])
