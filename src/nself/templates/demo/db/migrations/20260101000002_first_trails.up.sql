INSERT INTO public.trails (name, region, length_km, ascent_m) VALUES
    ('Kungsleden: Abisko to Alesjaure', 'Lapland', 34.0, 620),
    ('Tour du Mont Blanc: Col de la Seigne', 'Alps', 15.3, 1050),
    ('Laugavegur: Landmannalaugar to Hrafntinnusker', 'Iceland', 12.0, 470),
    ('Rota Vicentina: Fishermen''s Trail, Odeceixe', 'Alentejo', 18.4, 260),
    ('West Highland Way: Kingshouse to Kinlochleven', 'Highlands', 14.2, 430),
    ('Via Alpina: Kleine Scheidegg', 'Bernese Oberland', 19.0, 1350)
ON CONFLICT (name) DO NOTHING;
