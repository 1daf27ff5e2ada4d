/**
 * Where on a map of the world a region lies: the main data-centre city of a country, or of that part of a large country
 * which the region names. Degrees to about a tenth, which is finer than a map of the whole world can show. They place a
 * dot; they are no evidence of where a node is.
 */
export interface Place {
  longitude: number
  latitude: number
}

type Degrees = readonly [longitude: number, latitude: number]

/** ISO 3166-1 alpha-2 → where most of its data centres stand: the coordinates of that city, rounded. */
const countries: Record<string, Degrees> = {
  AE: [55.3, 25.3],
  AR: [-58.4, -34.6],
  AT: [16.4, 48.2],
  AU: [151.2, -33.9],
  BE: [4.4, 50.8],
  BG: [23.3, 42.7],
  BR: [-46.6, -23.5],
  CA: [-73.6, 45.5],
  CH: [8.5, 47.4],
  CL: [-70.6, -33.5],
  CN: [116.4, 39.9],
  CO: [-74.1, 4.6],
  CZ: [14.4, 50.1],
  DE: [8.7, 50.1],
  DK: [12.6, 55.7],
  EE: [24.8, 59.4],
  EG: [31.2, 30.1],
  ES: [-3.7, 40.4],
  FI: [24.9, 60.2],
  FR: [2.4, 48.9],
  GB: [-0.1, 51.5],
  GR: [23.7, 38],
  HK: [114.2, 22.3],
  HU: [19, 47.5],
  ID: [106.8, -6.2],
  IE: [-6.3, 53.3],
  IL: [34.8, 32.1],
  IN: [72.9, 19.1],
  IS: [-21.9, 64.1],
  IT: [9.2, 45.5],
  JP: [139.7, 35.7],
  KE: [36.8, -1.3],
  KR: [127, 37.6],
  LT: [25.3, 54.7],
  LU: [6.1, 49.6],
  LV: [24.1, 56.9],
  MX: [-99.1, 19.4],
  MY: [101.7, 3.1],
  NG: [3.4, 6.5],
  NL: [4.9, 52.4],
  NO: [10.8, 59.9],
  NZ: [174.8, -36.8],
  PE: [-77, -12],
  PH: [121, 14.6],
  PL: [21, 52.2],
  PT: [-9.1, 38.7],
  QA: [51.5, 25.3],
  RO: [26.1, 44.4],
  RS: [20.5, 44.8],
  SA: [46.7, 24.7],
  SE: [18.1, 59.3],
  SG: [103.8, 1.3],
  SK: [17.1, 48.1],
  TH: [100.5, 13.8],
  TR: [29, 41],
  TW: [121.5, 25],
  UA: [30.5, 50.5],
  US: [-77.5, 39],
  VN: [106.7, 10.8],
  ZA: [28, -26.2],
}

/** Parts of countries that are wider than a dot. */
const parts: Record<string, readonly (readonly [word: string, at: Degrees])[]> = {
  US: [
    ['west', [-119.7, 45.8]],
    ['central', [-93.6, 41.6]],
    ['south', [-96.8, 32.8]],
    ['east', [-77.5, 39]],
  ],
  CA: [
    ['west', [-123.1, 49.3]],
    ['east', [-73.6, 45.5]],
  ],
  AU: [['west', [115.9, -32]]],
  IN: [['south', [80.3, 13.1]]],
}

/** Null for a country that the table lacks: its offers are on the list alone. */
export function placeOf(country: string, region: string): Place | null {
  const part = parts[country]?.find(([word]) => region.includes(word))
  const degrees = part?.[1] ?? countries[country]
  return degrees ? { longitude: degrees[0], latitude: degrees[1] } : null
}
